/**
 * Percent of a sandbox's memory, and of its `/tmp`, at which an alarm goes off, and at which the compaction refuses to
 * merge on: a merge that ran out of either would end somewhere in the middle, with an error of Chroma or the kernel.
 */
export const SANDBOX_ROOM = { alarmPercent: 60, refusePercent: 90 } as const;

/** What a sandbox may run out of, and the setting that gives it more. */
export const ROOM = {
  storage: { what: '/tmp', setting: 'functions.compactionStorage' },
  memory: { what: 'its memory', setting: 'functions.memory.enhanced-compaction' },
} as const;
