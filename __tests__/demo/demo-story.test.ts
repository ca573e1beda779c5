import { asData, asMarkdown } from '../../demo/story/report';
import { Story } from '../../demo/story/story';

const told = (...claims: readonly boolean[]) => {
  const lines: string[] = [];
  const story = new Story((line) => lines.push(line));
  const steps = claims.map((holds, index) =>
    story.step(`Step ${index}`, async (step) => step.check(`Claim ${index}`, holds, 'what was seen')),
  );
  return Promise.all(steps).then(() => ({ story, lines }));
};

describe("The demo's story", () => {
  test('holds when every claim of every step does', async () => {
    expect((await told(true, true, true)).story.holds).toBe(true);
  });

  test.each([
    ['first', [false, true, true]],
    ['middle', [true, false, true]],
    ['last', [true, true, false]],
  ])('does not hold when the %s claim is false, and every form of it says so', async (_which, claims) => {
    const { story, lines } = await told(...claims);
    expect(story.holds).toBe(false);
    expect(asData(story, new Date()).holds).toBe(false);
    expect(asMarkdown(story, new Date())).toContain('2 of 3 claims held');
    expect(asMarkdown(story, new Date())).toContain(`**FALSE**: Claim ${claims.indexOf(false)}`);
    expect(lines).toContain(`   ✗ Claim ${claims.indexOf(false)}: what was seen`);
  });

  test('does not hold when nothing was checked: a demo that proves nothing must not end well', async () => {
    expect((await told()).story.holds).toBe(false);
    const story = new Story(() => {});
    await story.step('A step that only talks', async (step) => step.say('All is well.'));
    expect(story.holds).toBe(false);
  });

  test('hands on what a step throws, and keeps the step with its time', async () => {
    const story = new Story(() => {});
    const broken = story.step('Broken', async (step) => {
      step.check('Before', true, 'seen');
      throw new Error('The step broke.');
    });
    await expect(broken).rejects.toThrow('The step broke.');
    expect(story.steps).toEqual([expect.objectContaining({ title: 'Broken', seconds: expect.any(Number) })]);
  });

  test('overhears warnings, errors and loose lines, and no chatter', () => {
    const story = new Story(() => {});
    for (const line of ['{"level":"INFO"}', '{"level":"WARN"}', '{"_aws":{}}', 'Segmentation fault']) {
      story.overhear('enhanced-compaction', line);
    }
    expect(story.trouble).toEqual([
      'enhanced-compaction: {"level":"WARN"}',
      'enhanced-compaction: Segmentation fault',
    ]);
  });
});
