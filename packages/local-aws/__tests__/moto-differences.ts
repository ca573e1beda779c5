const IGNORES = {
  sourceConditions: 'ignores conditions on the source of a copy',
  destinationConditions: 'ignores conditions on the destination of a copy',
  checksums: 'takes any checksum, right or wrong',
  forgetsChecksums: 'does not tell the checksums of an object on HEAD',
  contentMd5: 'ignores Content-MD5',
  denials: 'answers a denied request with 403 in a document that is not an S3 error',
} as const;

/** Where moto 5.2.1 is not S3: the case's name, and why. An entry that is no longer true fails the suite. */
export const MOTO_DIFFERENCES: Readonly<Record<string, string>> = {
  'a key with control characters survives put, get, list, copy and delete':
    'answers 500 to a DeleteObjects whose keys hold control characters',
  'a key with line ends survives put, get, list, copy and delete':
    'has no route for a path with a line feed in it: 404',
  'a restore is in progress once it is asked for, which HEAD and listings tell, and is not begun twice':
    'restores at once',
  'a key of 1025 bytes is refused': 'does not limit the length of keys',

  'a GET can ask for other response headers': 'ignores response-… parameters of signed requests',
  'DeleteObjects answers each key by itself, and a wrong ETag keeps its object':
    'ignores the ETag of an entry, and deletes',
  'GetObjectAttributes gives ETag without quotes, size and storage class':
    'writes Last-Modified in the wrong date format, which the SDK refuses',

  'CopySourceIfMatch refuses another ETag and writes nothing': IGNORES.sourceConditions,
  'CopySourceIfUnmodifiedSince refuses a source that changed since': IGNORES.sourceConditions,
  'a part copy refuses a source whose ETag is another': IGNORES.sourceConditions,
  'a copy with If-None-Match: * creates, and never overwrites': IGNORES.destinationConditions,
  'a copy with If-Match overwrites only the named ETag': IGNORES.destinationConditions,
  'a copy with If-Match where nothing is answers 404': IGNORES.destinationConditions,

  'a completion with If-Match overwrites only the named ETag': 'ignores If-Match on completions',
  'a completion that names parts out of order is InvalidPartOrder':
    'joins parts in whatever order they are named',
  'an aborted upload is gone: its parts and completion are NoSuchUpload':
    'answers 500 to a part of an upload that is gone',
  'a part copy refuses a range that ends behind its source': 'cuts the range',

  'a CRC32 is checked, kept, and told when asked for': IGNORES.forgetsChecksums,
  'a CRC32C is checked, kept, and told when asked for': IGNORES.forgetsChecksums,
  'a CRC64NVME is checked, kept, and told when asked for': IGNORES.forgetsChecksums,
  'a SHA1 is checked, kept, and told when asked for': IGNORES.forgetsChecksums,
  'a SHA256 is checked, kept, and told when asked for': IGNORES.forgetsChecksums,
  'a wrong CRC32 is refused, and nothing is written': IGNORES.checksums,
  'a wrong CRC32C is refused, and nothing is written': IGNORES.checksums,
  'a wrong CRC64NVME is refused, and nothing is written': IGNORES.checksums,
  'a wrong SHA1 is refused, and nothing is written': IGNORES.checksums,
  'a wrong SHA256 is refused, and nothing is written': IGNORES.checksums,
  'a part whose checksum is wrong is BadDigest': IGNORES.checksums,
  'a wrong Content-MD5 is BadDigest, a right one is taken': IGNORES.contentMd5,
  'a Content-MD5 that is not one is InvalidDigest': IGNORES.contentMd5,
  'a streamed body with its checksum in the trailer is stored without its framing':
    'stores nothing of a body that comes in HTTP chunks, since our lock reads it by Content-Length',
  'a copy keeps the algorithm of its source, and can be asked for another':
    'does not give a copy the checksum of its source',
  'an upload in parts has a checksum of its parts’ checksums by default':
    'gives multipart objects no checksum',
  'an upload in parts can have a checksum of the whole object': 'gives multipart objects no checksum',
  'GetObjectAttributes gives the checksum, and the parts of a multipart object':
    'writes Last-Modified in the wrong date format, which the SDK refuses',

  'a continuation token that no page gave is refused': 'answers 500 to a token that it does not know',
  'the url encoding writes a space as + and leaves slashes alone': 'writes a space as %20',
  'the first version of the call gives a next marker only with a delimiter':
    'gives an opaque next marker, with or without a delimiter',

  'removing the marker brings the object back': 'does not say that the removed version was a marker',
  'a marker cannot be read by its id: 405': 'answers 404 NoSuchVersion',
  'the tags of what a marker hides can neither be read nor written nor removed: 405': 'answers 404 NoSuchKey',
  'a key marker alone goes on behind all versions of that key': 'lists the marker’s key again',
  'while versioning is suspended, puts replace version "null" and keep the others':
    'loses the versions that were there',
  'while versioning is suspended, a delete puts a marker in the place of version "null"':
    'loses the versions that were there, and makes no marker',
  'a bucket that holds only a delete marker is not empty': 'deletes the bucket',

  'a name that no bucket can have is InvalidBucketName': 'takes upper case and underscores',
  'buckets are listed by prefix, in pages': 'cuts the list at max-buckets and gives no token for the rest',
  'a bucket can be made with another ownership, but with no ACL while its owner is enforced':
    'lets an owner-enforced bucket have an ACL',
  'a lifecycle without rules is MalformedXML': 'takes it',
  'a new bucket encrypts with AES256': 'has no default encryption',
  'a new bucket blocks public access; the block can be changed and deleted': 'blocks nothing by default',
  'a new bucket is owner-enforced, and ownership can be changed': 'has no ownership controls by default',
  'a call that expects another owner is AccessDenied': 'ignores the expected owner',
  'a policy that is not JSON, or names another bucket, is MalformedPolicy': 'takes any text',
  'a public policy is refused while public access is blocked': 'does not know what a public policy is',
  'a policy that denies writes denies put, copy, upload and completion, and no read': IGNORES.denials,
  'a policy that denies reads denies GET, HEAD and being copied': IGNORES.denials,
  'a policy that denies deletes denies DeleteObject, and shows in each entry of DeleteObjects':
    IGNORES.denials,
  'a policy that denies part of the keys leaves the others alone': IGNORES.denials,
  'a policy that denies all but a named principal denies everybody else': IGNORES.denials,
  'a policy that denies a named principal denies nobody else': 'ignores conditions, so it denies everybody',
  'a copy of a tagged object needs the permission to write tags': 'does not ask for the tagging permission',
  'who may not list a bucket gets 403 for a missing key, not 404': 'answers 404',
};
