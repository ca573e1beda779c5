import { privateResources } from '../../../stacks/guards/private-resources';
import { stateful } from '../../../stacks/guards/stateful';
import { at, texts } from '../../../stacks/synthesized/json';
import { allowed, deniesPlainText, statements } from '../../../stacks/synthesized/policy';
import { isTagged, refusedBy, rulesFor } from '../rule';

const tableRules = rulesFor('aws_dynamodb_table', [
  [
    'CKV_AWS_28 AVD-AWS-0024 DynamoDB.2',
    'can be restored to any point in time',
    refusedBy(stateful, /aws_dynamodb_table.* lacks point-in-time recovery/),
  ],
  [
    'CKV_AWS_119 AVD-AWS-0025',
    'is encrypted with a customer key',
    ({ attributes }) => at(attributes, 'server_side_encryption.kms_key_arn') !== undefined,
  ],
  [
    'CKV2_AWS_16 DynamoDB.1',
    'grows with its load',
    ({ attributes }) => attributes.billing_mode === 'PAY_PER_REQUEST',
  ],
  [
    'DynamoDB.6',
    'is protected from deletion',
    refusedBy(stateful, /aws_dynamodb_table.* lacks deletion protection/),
  ],
  ['DynamoDB.5', 'is tagged', isTagged],
  [
    'DynamoDB.4',
    'is in a backup plan',
    (_table, stack) => stack.resources('aws_backup_selection').length > 0,
  ],
]);

const fileSystemRules = [
  ...rulesFor('aws_efs_file_system', [
    [
      'CKV_AWS_42 AVD-AWS-0037 EFS.1 EFS.8',
      'is encrypted at rest',
      refusedBy(privateResources, /aws_efs_file_system.* is not encrypted/),
    ],
    [
      'CKV_AWS_184',
      'is encrypted with a customer key',
      ({ attributes }) => attributes.kms_key_id !== undefined,
    ],
    [
      'EFS.7',
      'is backed up automatically',
      (fileSystem, stack) => stack.about(fileSystem, 'aws_efs_backup_policy').length > 0,
    ],
    [
      'CKV2_AWS_18 EFS.2',
      'is in a backup plan',
      (_fileSystem, stack) => stack.resources('aws_backup_selection').length > 0,
    ],
    [
      '',
      'has a policy, since without one every network neighbour may mount it',
      (fileSystem, stack) => stack.about(fileSystem, 'aws_efs_file_system_policy').length > 0,
    ],
  ]),
  ...rulesFor('aws_efs_access_point', [
    [
      'CKV_AWS_329 EFS.3',
      'enforces a root directory',
      ({ attributes }) => ![undefined, '/'].includes(at(attributes, 'root_directory.path') as string),
    ],
    [
      'CKV_AWS_330 EFS.4',
      'enforces a user who is not root',
      ({ attributes }) => Number(at(attributes, 'posix_user.uid')) > 0,
    ],
    ['EFS.5', 'is tagged', isTagged],
  ]),
  ...rulesFor('aws_efs_mount_target', [
    [
      'EFS.6',
      'lies in a subnet without public addresses',
      ({ attributes }, stack) =>
        stack
          .resources('aws_subnet')
          .some(
            (subnet) =>
              stack.mentions(attributes.subnet_id, subnet) &&
              subnet.attributes.map_public_ip_on_launch === false,
          ),
    ],
  ]),
  ...rulesFor('aws_efs_file_system_policy', [
    ['', 'refuses mounts without TLS', (policy) => statements(policy).some(deniesPlainText)],
    [
      '',
      'lets in named roles alone, through an access point',
      (policy) =>
        allowed(policy).every(
          ({ principals, conditions }) =>
            !principals.includes('*') &&
            conditions.StringEquals?.['elasticfilesystem:AccessPointArn'] !== undefined,
        ),
    ],
  ]),
];

/** DynamoDB and EFS. */
const recordRules = rulesFor('terraform_data', [
  [
    '',
    'keeps what it recorded first, and refuses a plan for anything else',
    ({ name, attributes }) =>
      texts(at(attributes, 'lifecycle.ignore_changes')).includes('input') &&
      (name === 'file_system_key' || at(attributes, 'lifecycle.postcondition.condition') !== undefined),
  ],
]);

export const storeRules = [...tableRules, ...fileSystemRules, ...recordRules];
