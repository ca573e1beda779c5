import { LEASE_RENEWAL_SECONDS, LEASE_SECONDS } from '../../contracts/lease';
import type { Finding, Guard } from './guard';

/**
 * A lease is renewed thrice in its length at least. Both numbers are the contract's, which the function
 * uses; this is where a change of one that forgets the other is stopped.
 */
export const leaseRenewal: Guard = () => leaseFindings(LEASE_SECONDS, LEASE_RENEWAL_SECONDS);

/** Compares a lease's length with its renewal, both in seconds. */
export const leaseFindings = (length: number, renewal: number): Finding[] =>
  renewal > 0 && renewal <= length / 3
    ? []
    : [
        {
          where: 'contracts/lease.ts',
          what: `A lease of ${length} s is renewed every ${renewal} s, which is more than a third of it: one slow renewal loses the lease and the merge.`,
          remedy: `Renew every ${Math.floor(length / 3)} s at most.`,
        },
      ];
