import { METRICS, metricService } from '../../contracts/metrics';

test('no two metrics share a name', () => {
  const names = Object.values(METRICS);
  expect(new Set(names).size).toBe(names.length);
});

test("a metric's service is the physical name that Lambda sets, so that two environments never share one", () => {
  const environment = { AWS_LAMBDA_FUNCTION_NAME: 'chroma-pipeline-prod-reconcile-runs' };
  expect(metricService('reconcile-runs', environment)).toBe('chroma-pipeline-prod-reconcile-runs');
});

test("a metric's service is the function's own name where there is no Lambda", () => {
  expect(metricService('reconcile-runs', {})).toBe('reconcile-runs');
});
