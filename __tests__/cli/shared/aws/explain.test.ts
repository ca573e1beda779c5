import { explain } from '../../../../cli/shared/aws/explain';

it('hands an abort back as it came, whoever made it', () => {
  const { reason } = AbortSignal.abort();
  expect(explain(reason, 'read the policy of old', 'old')).toBe(reason);
  const ofTheSdk = Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  expect(explain(ofTheSdk, 'read the policy of old', 'old')).toBe(ofTheSdk);
});

it('keeps what the SDK threw as the cause of its sentence', () => {
  const denied = Object.assign(new Error('no'), { name: 'AccessDenied' });
  expect(explain(denied, 'read the policy of old', 'old')).toMatchObject({ cause: denied });
});

it('B12: says with which status a request failed whose answer names no error, as that of a HEAD', () => {
  const unnamed = Object.assign(new Error('UnknownError'), {
    name: 'Unknown',
    $metadata: { httpStatusCode: 400 },
  });
  expect(explain(unnamed, 'read the properties of key in old', 'old')).toMatchObject({
    message: 'It failed to read the properties of key in old: HTTP status 400.',
  });
});

it('says that the region is another, where the server does not tell which', () => {
  const redirect = Object.assign(new Error('elsewhere'), {
    name: 'PermanentRedirect',
    $metadata: { httpStatusCode: 301 },
  });
  expect(explain(redirect, 'open the bucket old', 'old')).toMatchObject({
    message:
      'The bucket old is in another region than the one that was asked. Pass its region with --region.',
  });
});
