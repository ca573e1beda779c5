import { DataAwsPrefixList } from '@cdktf/provider-aws/lib/data-aws-prefix-list';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
import { Construct } from 'constructs';
import type { ChromaBucket } from './chroma-bucket';
import type { Deployment } from './deployment';
import type { Network } from './network';
import { policyDocument } from './policy-document';
import type { RunTable } from './run-table';

interface GatewayEndpointsProps {
  readonly deployment: Deployment;
  readonly network: Network;
  readonly bucket: ChromaBucket;
  readonly runTable: RunTable;
}

/** The free ways out of the isolated network, to the shared bucket and to the run table and nowhere else. */
export class GatewayEndpoints extends Construct {
  /** The address lists of S3 and DynamoDB, for security group rules. */
  readonly prefixListIds: readonly string[];

  constructor(scope: Construct, id: string, props: GatewayEndpointsProps) {
    super(scope, id);
    const { bucket, runTable } = props;
    this.prefixListIds = [
      this.endpoint(props, 's3', 's3:*', [bucket.arn, `${bucket.arn}/*`]),
      this.endpoint(props, 'dynamodb', 'dynamodb:*', [runTable.arn, `${runTable.arn}/index/*`]),
    ];
  }

  private endpoint(
    { deployment, network }: GatewayEndpointsProps,
    service: 's3' | 'dynamodb',
    action: string,
    resources: readonly string[],
  ): string {
    const serviceName = `com.amazonaws.${deployment.region}.${service}`;
    if (network.endpointRouteTableIds.length > 0) {
      new VpcEndpoint(this, service, {
        vpcId: network.vpcId,
        serviceName,
        vpcEndpointType: 'Gateway',
        routeTableIds: [...network.endpointRouteTableIds],
        policy: policyDocument([
          {
            // The function's role says which actions; this says that no other account's data is reached.
            Sid: 'OnlyOurs',
            Effect: 'Allow',
            Principal: '*',
            Action: action,
            Resource: resources,
            Condition: { StringEquals: { 'aws:PrincipalAccount': deployment.accountId } },
          },
        ]),
        tags: { Name: deployment.physicalName(service) },
      });
    }
    return new DataAwsPrefixList(this, `${service}-addresses`, { name: serviceName }).id;
  }
}
