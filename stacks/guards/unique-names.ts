import { physicalName, type SynthesizedBlock } from '../synthesized/synthesized';
import { faults, type Guard } from './guard';

/** No two resources of a type share a name in AWS: the second would take over the first, or fail with 409. */
export const uniqueNames: Guard = (stack) => {
  const seen = new Map<string, SynthesizedBlock>();
  return stack.managed.flatMap((resource) => {
    const name = physicalName(resource);
    if (typeof name !== 'string') return [];
    const key = `${resource.type}/${name}`;
    const first = seen.get(key) ?? resource;
    seen.set(key, first);
    return faults(resource, [
      first !== resource,
      `has the same name in AWS as ${first.address}: ${name}.`,
      'Derive names from Deployment.physicalName, once for each resource.',
    ]);
  });
};
