/**
 * What to do about objects that came after the verification, once the retirement has begun: `apply` cannot go back
 * behind it, and what is gone is proven.
 */
export const AFTER_ITS_BEGINNING =
  'For what came after the verification: run unfreeze, make a new plan of what is left (plan --out another.json), then apply and retire that one.';
