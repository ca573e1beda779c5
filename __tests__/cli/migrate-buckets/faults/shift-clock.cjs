// Preloaded into the CLI: an operator's clock that is wrong by so many minutes.
const shift = Number(process.env.CLOCK_SKEW_MINUTES ?? 0) * 60_000;
if (shift !== 0) {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...args) {
      if (args.length === 0) super(Real.now() + shift);
      else super(...args);
    }

    static now() {
      return Real.now() + shift;
    }
  };
}
