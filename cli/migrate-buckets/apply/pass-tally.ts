import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Reporter } from '../../shared/reporters/reporter';
import type { PassResult } from './copy-pass';

type PassEvent = Extract<MigrationEvent, { unchanged: number }>['event'];

/** Adds up what the passes of one run did, and tells of each. */
export class PassTally {
  copied = 0;
  bytes = 0;
  passes = 0;
  /** Of the last pass: what failed before was tried again. */
  failed: PassResult['failed'] = [];

  constructor(private readonly report: Reporter<MigrationEvent>) {}

  async count<Result extends PassResult>(event: PassEvent, copying: Promise<Result>): Promise<Result> {
    const result = await copying;
    const { copied, unchanged, failed } = result;
    this.copied += copied;
    this.bytes += result.bytes;
    this.passes++;
    this.failed = failed;
    const message = `${event}: ${copied} copied, ${unchanged} already there, ${failed.length} failed.`;
    this.report.tell({ event, message, copied, unchanged, failed: failed.length });
    return result;
  }
}
