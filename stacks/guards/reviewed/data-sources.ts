import { networkData } from './network';
import { free, given, type ReviewedTypes } from './property';

/** What the stack may read of what exists: a data source of a program or a URL could say anything. */
export const dataSources: ReviewedTypes = {
  ...networkData,
  aws_caller_identity: { properties: {} },
  aws_partition: { properties: {} },
  aws_dynamodb_table: {
    admitted: {
      by: 'adopt.table.as to "data-source"',
      holds: ({ adopt }) => adopt.table?.as === 'data-source',
    },
    properties: {
      name: given('adopt.table.name', ({ adopt }) => adopt.table?.name),
      'lifecycle.postcondition': free,
    },
  },
  aws_lambda_function: {
    admitted: {
      by: 'consumer to {"legacyFunction": …}',
      holds: ({ consumer }) => typeof consumer === 'object',
    },
    properties: {
      function_name: given('consumer', ({ consumer }) =>
        typeof consumer === 'object' ? consumer.legacyFunction : undefined,
      ),
    },
  },
};
