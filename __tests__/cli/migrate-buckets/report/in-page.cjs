// Run in the browser, which is why this is not TypeScript: the house's own library has no DOM.

/** How the page lies on the screen. */
exports.layout = () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const sections = all('section, .verdict');
  return {
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    sticksOut: all('main *')
      .filter(
        (each) => each.closest('.scroll') === null && each.getBoundingClientRect().right > window.innerWidth,
      )
      .map(({ tagName, className, textContent }) => `${tagName} ${className} ${textContent.slice(0, 40)}`),
    sections: sections.map(({ id }) => id),
    hidden: sections.filter((each) => each.getBoundingClientRect().height < 40).map(({ id }) => id),
    narrowCharts: all('svg').filter((each) => each.getBoundingClientRect().width < 60).length,
    foreign: all('script, img, link, iframe').length,
    verdict: document.querySelector('.verdict').className,
    verdictTop: document.querySelector('.verdict h2').getBoundingClientRect().top,
    ground: getComputedStyle(document.body).backgroundColor,
  };
};

/** Texts whose contrast with what they stand on is below 4.5 to 1, the least that WCAG 2 allows. */
exports.faintTexts = () => {
  const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) =>
    rgb(colour)
      .slice(0, 3)
      .map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
      .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return rgb(backgroundColor)[3] === 0 ? ground(element.parentElement) : backgroundColor;
  };
  const holdsText = ({ childNodes }) =>
    [...childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent.trim() !== '');
  return [...document.querySelectorAll('main *')].flatMap((element) => {
    if (!holdsText(element) || element.closest('svg') !== null) return [];
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return ratio < 4.5 ? [`${element.tagName} ${element.className}: ${ratio.toFixed(2)}`] : [];
  });
};
