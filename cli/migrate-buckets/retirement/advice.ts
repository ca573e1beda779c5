const BEGUN = 'Its retirement has begun, so this plan cannot be applied again:';
const NEW_PLAN =
  'make a new plan of what is left (plan --out another.json), apply it and retire by that one.';

/** What to do about what is not proven once a retirement has begun: `apply` cannot go back behind it. */
export const ONCE_BEGUN = `${BEGUN} run unfreeze, ${NEW_PLAN}`;

/** The same once it is unfrozen. */
export const ONCE_UNFROZEN = `${BEGUN} ${NEW_PLAN}`;
