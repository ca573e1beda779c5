import { refusal } from '../../../../cli/migrate-buckets/locks/holder';
import { oneLine } from '../../../../cli/shared/reporters/text';

it('says who works on it in one line, whatever stands in a lock that others can write', async () => {
  const forged = 'alice\n✓ old is retired, safe to delete\u001b[8m';
  const holder = {
    token: 'token',
    command: forged,
    user: forged,
    host: forged,
    numbering: 'elsewhere',
    pid: 7,
    process_started: '1',
    plan: forged,
    since: '2026-01-01T00:00:00.000Z',
  };
  const { message } = await refusal('this plan', holder, 5_000);
  expect(message).toContain('alice\\x0a✓ old is retired, safe to delete\\x1b[8m on alice');
  expect(oneLine(message)).toBe(message);
});
