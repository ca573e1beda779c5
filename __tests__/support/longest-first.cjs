const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * What takes a minute and more, or mostly waits. Jest knows how long a suite took only where it ran before; at the end
 * of a run one of these would go on alone.
 */
const LONG = [
  '/deploy/',
  '/retire-under-change.test.ts',
  '/faults/',
  '/survival/',
  '/demo/demo.test.ts',
  '/receipt-lifecycle.test.ts',
  '/retirement/retire.test.ts',
  '/roll-back.test.ts',
];

module.exports = class LongestFirst extends Sequencer {
  async sort(tests) {
    const isLong = ({ path }) => LONG.some((part) => path.includes(part));
    const sorted = await super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
