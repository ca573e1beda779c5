import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type LocalAws, startLocalAws } from 'local-aws';
import type { Aws } from '../../cli/shared/aws/clients';

interface ControlPlane {
  readonly clients: Pick<Aws, 'lambda' | 'stepFunctions'>;
  /** Says what Lambda and Step Functions hold. */
  readonly declare: LocalAws<'controlPlane'>['declare'];
}

/** Gives a suite a control plane of its own, in which nothing names a bucket yet. */
export function useControlPlane(): () => ControlPlane {
  let aws: LocalAws<'controlPlane'> | undefined;
  let plane: ControlPlane;
  beforeAll(async () => {
    aws = await startLocalAws({ services: ['controlPlane'] });
    const options = aws.clientOptions('controlPlane');
    const clients = { lambda: new LambdaClient(options), stepFunctions: new SFNClient(options) };
    plane = { clients, declare: aws.declare };
  });
  afterAll(async () => {
    plane?.clients.lambda.destroy();
    plane?.clients.stepFunctions.destroy();
    await aws?.stop();
  });
  return () => plane;
}
