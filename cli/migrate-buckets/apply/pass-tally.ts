import type { Reporter } from '../../shared/reporters/reporter';
import type { PassResult } from './copy-pass';

/** Adds up what the passes of one run did, and tells of each. */
export class PassTally {
  copied = 0;
  bytes = 0;
  passes = 0;
  /** Of the last pass: what failed before was tried again. */
  failed: PassResult['failed'] = [];

  constructor(private readonly report: Reporter) {}

  async count<Result extends PassResult>(name: string, copying: Promise<Result>): Promise<Result> {
    const result = await copying;
    const { copied, unchanged, failed } = result;
    this.copied += copied;
    this.bytes += result.bytes;
    this.passes++;
    this.failed = failed;
    this.report.event(
      name,
      `${name}: ${copied} copied, ${unchanged} already there, ${failed.length} failed.`,
      { copied, unchanged, failed: failed.length },
    );
    return result;
  }
}
