import type { Exchange } from './exchange';
import { taggableVersion } from './object-reads';
import { done, noContent, type Reply, xmlReply } from './request';
import type { Bucket } from './store';
import { documentTags } from './tags';
import { tag, xmlDocument } from './xml';

export function getObjectTagging({ request }: Exchange, bucket: Bucket): Reply {
  const version = taggableVersion(request, bucket);
  const tags = version.content.tags.map(
    ({ key, value }) => `<Tag>${tag('Key', key)}${tag('Value', value)}</Tag>`,
  );
  return xmlReply(
    xmlDocument('Tagging', `<TagSet>${tags.join('')}</TagSet>`),
    bucket.versionHeader(version.versionId),
  );
}

export function putObjectTagging({ request, service }: Exchange, bucket: Bucket): Reply {
  const version = taggableVersion(request, bucket);
  bucket.setTags(request.key, version, documentTags(request.payload));
  service.notify(request, bucket, 'ObjectTagging:Put', version);
  return done(bucket.versionHeader(version.versionId));
}

export function deleteObjectTagging({ request, service }: Exchange, bucket: Bucket): Reply {
  const version = taggableVersion(request, bucket);
  bucket.setTags(request.key, version, []);
  service.notify(request, bucket, 'ObjectTagging:Delete', version);
  return noContent(bucket.versionHeader(version.versionId));
}
