interface QueuedMessage {
  readonly sequenceNumber?: string;
}

/** What is used of fauxqs's queue. */
export interface FifoQueue {
  readonly fifoMessages: ReadonlyMap<string, QueuedMessage[]>;
  readonly fifoLockedGroups: Map<string, number>;
  /** Makes messages visible whose timeout is over. */
  processTimers(): void;
  /** Takes one message of each group that is not locked, and locks the group. */
  dequeueFifo(most: number, visibilityTimeout?: number, findDeadLetterQueue?: unknown): unknown[];
}

/** The bound of one ReceiveMessage. */
const MOST_MESSAGES = 10;

/**
 * Makes fauxqs's FIFO queues give several messages of one group in one receive, in order, as SQS does. Alone
 * they give one message a group, so a queue with a single group would never fill a batch; and messages that come
 * back together, after their visibility timeout, would stand in reverse.
 */
export function giveWholeBatches(queue: FifoQueue): void {
  const { dequeueFifo, processTimers } = queue;
  queue.dequeueFifo = function (this: FifoQueue, most, ...rest) {
    this.processTimers();
    for (const messages of this.fifoMessages.values()) {
      messages.sort((a, b) => ((a.sequenceNumber ?? '') < (b.sequenceNumber ?? '') ? -1 : 1));
    }
    const locked = new Map(this.fifoLockedGroups);
    const taken = new Map<string, number>();
    const received: unknown[] = [];
    // One receive is one moment: what it takes must not come back to it.
    this.processTimers = () => {};
    for (
      let room = Math.min(most, MOST_MESSAGES);
      room > 0;
      room = Math.min(most, MOST_MESSAGES) - received.length
    ) {
      const round = dequeueFifo.call(this, room, ...rest);
      if (round.length === 0) break;
      received.push(...round);
      for (const [group, count] of this.fifoLockedGroups) {
        if (locked.has(group)) continue;
        taken.set(group, (taken.get(group) ?? 0) + count);
        // Open again, for the next round of this receive only.
        this.fifoLockedGroups.delete(group);
      }
    }
    this.processTimers = processTimers;
    for (const [group, count] of taken) this.fifoLockedGroups.set(group, count);
    return received;
  };
}
