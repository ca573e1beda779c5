import type { IamPolicy } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';

/**
 * The least policy that carries a plan out.
 *
 * @param retire - whether it also allows what only retire needs.
 */
export function iamPolicy({ permissions }: Pick<Plan, 'permissions'>, retire: boolean): IamPolicy {
  const needed = permissions.filter((each) => retire || each.retire !== true);
  const actionsOf = (resource: string) =>
    needed.filter((each) => each.resource === resource).flatMap(({ actions }) => actions);
  const resources = [...new Set(needed.map(({ resource }) => resource))];
  return {
    Version: '2012-10-17',
    Statement: resources.map((resource, index) => ({
      Sid: `MigrateBuckets${index + 1}`,
      Effect: 'Allow',
      Action: [...new Set(actionsOf(resource))].sort(),
      Resource: resource,
    })),
  };
}
