/** The option of every command that locks. It names a host, so that nobody breaks another's lock by habit. */
export const BREAK_LOCK = [
  '--break-lock <host>',
  'take over the lock that this host left behind: only when you know that nobody works there any more',
] as const;
