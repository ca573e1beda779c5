/**
 * The times of production, shortened so that a storm waits seconds for what takes minutes there. What they must be to
 * each other is as there: a lease lasts three renewals; whoever waits for one, three tenths of the function's time,
 * outlasts a holder that died; a message is hidden for longer than its function may take. Seconds.
 */
export const TIMES = { renewal: 1, lease: 3, function: 12, visibility: 18 } as const;
