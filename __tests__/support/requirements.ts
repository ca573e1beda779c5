import { type Requirement, starts } from '../../packages/local-aws/__tests__/support/requirements';
import { AWS_PROVIDER_VERSION, findAwsProviderMirror } from './aws-provider-mirror';

export const TERRAFORM: Requirement = {
  isPresent: () => starts('terraform', '-version'),
  missing: 'terraform is not installed (https://developer.hashicorp.com/terraform/install)',
};

export const AWS_PROVIDER: Requirement = {
  isPresent: () => findAwsProviderMirror() !== undefined,
  missing: `Terraform's AWS provider ${AWS_PROVIDER_VERSION} is not on disk (terraform providers mirror DIR, then TERRAFORM_PROVIDER_MIRROR=DIR)`,
};
