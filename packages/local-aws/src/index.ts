/**
 * `local-aws`: an AWS for the tests of Lambdas. {@link startLocalAws} starts the services,
 * {@link createLambdaRuntime} runs a built bundle, {@link startSqsMapping} and {@link startStreamMapping} connect
 * the two, {@link s3Admin} makes S3 fail on order.
 *
 * @packageDocumentation
 */
export { type LocalService, shellExports } from './client-environment';
export type {
  ControlPlaneState,
  DeclaredFunction,
  DeclaredMapping,
  DeclaredStateMachine,
} from './control-plane/state';
export type { FilterPattern } from './event-source-mapping/filter-pattern';
export type { BatchReport, EventSourceMapping, Invoke } from './event-source-mapping/mapping';
export { type ScheduleOptions, startSchedule } from './event-source-mapping/schedule';
export { type SqsMappingOptions, startSqsMapping } from './event-source-mapping/sqs-mapping';
export { type StreamMappingOptions, startStreamMapping } from './event-source-mapping/stream-mapping';
export {
  createLambdaRuntime,
  LambdaError,
  type LambdaRuntime,
  type LambdaRuntimeOptions,
} from './lambda/lambda-runtime';
export { type ChildServer, type ChildServerOptions, startChildServer } from './processes/child-server';
export { announce, listenOnLoopback, readBody } from './processes/loopback';
export { type Filling, type S3Admin, s3Admin } from './s3/admin';
export type { Fault, FaultState, Mutation } from './s3/faults';
export type { DeletionEntry, HistoryEntry } from './s3/history';
export type { Quirk } from './s3/quirks';
export type { AskedAction, ConditionalRequest, RequestCounts } from './s3/request-log';
export { type S3Server, type S3ServerOptions, startS3Server } from './s3/server';
export {
  type LocalAws,
  type LocalAwsOptions,
  type LocalClientOptions,
  startLocalAws,
} from './start-local-aws';
