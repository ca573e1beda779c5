import { LOCAL_ACCOUNT } from '../account';
import { type ControlPlaneState, type DeclaredStateMachine, inRegion } from './state';

type Input = Readonly<Record<string, unknown>>;
/** A body, with the status 400 when it is an error of the service. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

const refused = (type: string, message: string): Answer => ({
  status: 400,
  body: { __type: type, message, Message: message },
});
const fine = (body: object): Answer => ({ status: 200, body });

/**
 * Answers the services that use `X-Amz-Target`: Secrets Manager's GetSecretValue; Step Functions'
 * ListStateMachines, DescribeStateMachine, ListExecutions, DescribeExecution.
 *
 * @returns undefined for what it does not know.
 */
export function answerTarget(
  target: string,
  input: Input,
  state: ControlPlaneState,
  region: string,
): Answer | undefined {
  const machines = inRegion(state.stateMachines, region);
  const arnOf = ({ name }: DeclaredStateMachine) =>
    `arn:aws:states:${region}:${LOCAL_ACCOUNT}:stateMachine:${name}`;
  const machine = machines.find((each) => arnOf(each) === input.stateMachineArn);
  const summary = (each: DeclaredStateMachine) => ({
    stateMachineArn: arnOf(each),
    name: each.name,
    type: 'STANDARD',
    creationDate: 0,
  });
  const executions = machines.flatMap((each) =>
    (each.runningExecutions ?? []).map((execution) => ({
      executionArn: `${arnOf(each).replace(':stateMachine:', ':execution:')}:${execution.name}`,
      stateMachineArn: arnOf(each),
      name: execution.name,
      status: 'RUNNING',
      startDate: 0,
      input: execution.input,
    })),
  );

  switch (target) {
    case 'secretsmanager.GetSecretValue':
      return secretValue(String(input.SecretId), state, region);
    case 'AWSStepFunctions.ListStateMachines':
      return fine({ stateMachines: machines.map(summary) });
    case 'AWSStepFunctions.DescribeStateMachine':
      return machine === undefined
        ? refused('StateMachineDoesNotExist', `No state machine ${String(input.stateMachineArn)}`)
        : fine({ ...summary(machine), status: 'ACTIVE', definition: machine.definition });
    case 'AWSStepFunctions.ListExecutions':
      return fine({
        executions: executions
          .filter(({ stateMachineArn }) => stateMachineArn === input.stateMachineArn)
          .filter(({ status }) => input.statusFilter == null || input.statusFilter === status)
          .map(({ input: _input, ...execution }) => execution),
      });
    case 'AWSStepFunctions.DescribeExecution': {
      const found = executions.find(({ executionArn }) => executionArn === input.executionArn);
      return found === undefined
        ? refused('ExecutionDoesNotExist', `No execution ${String(input.executionArn)}`)
        : fine(found);
    }
    default:
      return undefined;
  }
}

function secretValue(id: string, state: ControlPlaneState, region: string): Answer {
  const name = id.replace(/^arn:.*:secret:(.*)-\w{6}$/, '$1');
  const value = state.secrets?.[name];
  if (value === undefined) {
    return refused('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  return fine({
    ARN: `arn:aws:secretsmanager:${region}:${LOCAL_ACCOUNT}:secret:${name}-local1`,
    Name: name,
    SecretString: value,
    VersionId: '00000000-0000-0000-0000-000000000001',
    VersionStages: ['AWSCURRENT'],
  });
}
