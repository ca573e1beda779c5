/** What to do about what is not proven once a retirement has begun: `apply` cannot go back behind it. */
export const ONCE_BEGUN =
  'Its retirement has begun, so this plan cannot be applied again: run unfreeze, make a new plan of what is left (plan --out another.json), apply it and retire by that one.';
