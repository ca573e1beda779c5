/** Why `apply` refuses once a retirement has begun. */
export const BEGUN = 'has begun, so this plan cannot be applied again';

const NEW_PLAN =
  'make a new plan of what is left (plan --out another.json, with --archive where this one had it), apply it and retire by that one.';

/** The way out where something is not proven by then. */
export const REPLAN = `run unfreeze, ${NEW_PLAN}`;

/** What to do about what is not proven once a retirement has begun: `apply` cannot go back behind it. */
export const ONCE_BEGUN = `Its retirement ${BEGUN}: ${REPLAN}`;

/** The same once it is unfrozen. */
export const ONCE_UNFROZEN = `Its retirement ${BEGUN}: ${NEW_PLAN}`;
