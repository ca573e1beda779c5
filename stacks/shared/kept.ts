import { Lazy, TerraformResource, type TerraformStack } from 'cdktf';
import { KEPT_ADDRESSES } from '../names';

/**
 * Keeps what holds data when a setting no longer needs it: Terraform stops managing it and does not destroy it. Without
 * such a block it would, since `prevent_destroy` goes with the resource's own block.
 */
export function keepWhatIsLeft(stack: TerraformStack): void {
  const produce = () => {
    const made = new Set(stack.node.findAll().filter(TerraformResource.isTerraformResource).map(addressOf));
    const left = KEPT_ADDRESSES.filter((address) => !made.has(address));
    return left.length === 0 ? undefined : left.map((from) => ({ from, lifecycle: { destroy: false } }));
  };
  // When the stack is synthesized: until then a resource may still be given its address.
  stack.addOverride('removed', Lazy.anyValue({ produce }));
}

const addressOf = ({ terraformResourceType, friendlyUniqueId }: TerraformResource): string =>
  `${terraformResourceType}.${friendlyUniqueId}`;
