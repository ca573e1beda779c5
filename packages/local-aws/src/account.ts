/** The account of everything here, as it stands in ARNs, and of every principal that nobody named. */
export const LOCAL_ACCOUNT = '000000000000';
