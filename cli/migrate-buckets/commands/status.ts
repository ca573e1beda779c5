import type { LockHolder } from '../../../contracts/migrate-buckets/lock';
import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { row } from '../../shared/reporters/text';
import type { FreezeStatus } from '../freeze/freeze-status';
import { readPauseOption } from './read-pause';

export const status = command(
  declare(
    'status',
    'Who froze a bucket, when, by which plan, from which host, and who works on its migration. Read-only.',
    'migrate-buckets status --source my-old-bucket',
  )
    .requiredOption('--source <name>', 'the bucket')
    .option('--dest <name>', 'where it is migrated to (default: what the freeze tells)')
    .addOption(readPauseOption()),
  async (context, _args, { source, dest, readPause }): Promise<Outcome<ResultOf<'status'>>> => {
    const { readFreezeStatus }: typeof import('../freeze/freeze-status') = require('../freeze/freeze-status');
    const found = await readFreezeStatus(context.aws, source, { destination: dest, readPause });
    const { mark, principals, suspended, record, lock } = found;
    const data = {
      source,
      frozen: mark !== undefined,
      mark: mark ?? null,
      principals: [...principals],
      suspended_rules: [...suspended],
      record: record ?? null,
      lock: lock ?? null,
    };
    return { exitCode: EXIT.ok, data, text: describe(source, found) };
  },
);

const describeHolder = ({ command: name, pid, since }: LockHolder): string =>
  `${name}, process ${pid}, since ${since}`;

function describe(source: string, status: FreezeStatus): string {
  const { mark, principals, suspended, probed, destination, record, lock, left, unchecked } = status;
  const frozen = mark !== undefined || suspended.length > 0;
  const by = mark === null ? ', by an older release' : '';
  return [
    mark === undefined ? `No statement freezes ${source}.` : `${source} is frozen${by}.`,
    ...(mark
      ? [
          row(`by ${mark.by}, at ${mark.at}, to migrate it to ${mark.destination}`),
          row(`plan ${mark.plan_digest}`),
        ]
      : []),
    ...(record === undefined ? [] : [row(`which lay at ${record.plan}`)]),
    ...(principals.length === 0 ? [] : [row(`still allowed to write: ${principals.join(', ')}`)]),
    ...(suspended.length === 0 ? [] : [row(`lifecycle rules that it suspended: ${suspended.join(', ')}`)]),
    ...(frozen
      ? [
          record === undefined
            ? '  what it was before was not found'
            : row(`what it was before is kept in ${destination}`),
        ]
      : []),
    ...unchecked.map((each) => row(each)),
    lock === undefined
      ? '  nobody holds the lock of its migration'
      : row(`${lock.user} on ${lock.host} holds the lock of its migration: ${describeHolder(lock)}`),
    ...(left === undefined
      ? []
      : [row(`${left.user} on ${left.host} held it, and is gone without an end: ${describeHolder(left)}`)]),
    ...(probed
      ? ['  a doctor that broke off, or runs at this moment, left a statement of its own in its policy']
      : []),
    ...(frozen || probed ? [`To take that away: migrate-buckets unfreeze --source ${source}`] : []),
  ].join('\n');
}
