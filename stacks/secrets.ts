/** How the keys of OpenAI, Chroma, AWS, GitHub and Slack begin, and private keys in PEM. */
const KEY = /^((sk|ck|ghp|xox[abp])[-_]|AKIA|ASIA)[\w-]{12,}|-----BEGIN/;

/** Whether a value is a key itself, where only the name of a secret may stand. */
export const looksLikeKey = (value: unknown): boolean => typeof value === 'string' && KEY.test(value);
