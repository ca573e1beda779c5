/**
 * The times of production, shortened so that a storm waits seconds for what takes minutes there. What they must be to
 * each other is as there: a lease lasts three renewals; whoever waits for one, three tenths of the function's time,
 * outlasts a holder that died; a message is hidden for longer than its function may take. A slow machine, too, has to
 * merge within the function's time, so it is the least shortened; instead, what an invocation has left undone comes
 * again soon after its end. Seconds.
 */
export const TIMES = { renewal: 1.5, lease: 5, function: 60, visibility: 75, redelivery: 2 } as const;
