import { cpus } from 'node:os';
import type { Story } from './story';

/** The whole story as data: what `--json` prints. */
export const asData = (story: Story, startedAt: Date) => ({
  started_at: startedAt.toISOString(),
  holds: story.holds,
  machine: { node: process.version, platform: `${process.platform} ${process.arch}`, cores: cpus().length },
  steps: story.steps,
});

/** The whole story as Markdown: what the report file holds. */
export function asMarkdown(story: Story, startedAt: Date): string {
  const { machine } = asData(story, startedAt);
  const held = story.checks.filter(({ holds }) => holds).length;
  return [
    '# What the demo did',
    `${startedAt.toISOString()}, Node ${machine.node} on ${machine.platform} with ${machine.cores} cores: ${held} of ${story.checks.length} claims held.`,
    ...story.steps.map(({ title, seconds, lines, checks }, index) =>
      [
        `## ${index + 1}. ${title} (${seconds.toFixed(1)} s)`,
        '```',
        ...lines,
        '```',
        ...checks.map(
          ({ claim, holds, evidence }) => `- ${holds ? 'true' : '**FALSE**'}: ${claim} (${evidence})`,
        ),
      ].join('\n'),
    ),
  ].join('\n\n');
}
