import { failureOf, isTransient } from '../../../../cli/shared/aws/failure';

const answered = (name: string, status: number) =>
  failureOf(Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } }));

it.each([
  ['a fault of the server', 'InternalError', 500, true],
  ['a server under load', 'SlowDown', 503, true],
  ['a change that another one is ahead of', 'OperationAborted', 409, true],
  ['a refusal', 'AccessDenied', 403, false],
  [
    'a server that has no such thing, which it will not have the next time either',
    'NotImplemented',
    501,
    false,
  ],
])('%s: is it worth another try?', (_what, name, status, expected) => {
  expect(isTransient(answered(name, status))).toBe(expected);
});
