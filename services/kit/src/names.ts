/** Letters that Unicode does not decompose into a base letter and a mark. */
const UNDECOMPOSED: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  æ: 'ae',
  œ: 'oe',
  ı: 'i',
  ς: 'σ',
};

/**
 * Folds a name for comparison: accents, case, punctuation and spaces do not tell persons apart, so
 * "O’Brien", "o brien" and "OBRIEN" fold alike. Empty when no letter or digit is left.
 */
export const foldName = (name: string): string =>
  name
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/[øłđðþæœıς]/gu, (letter) => UNDECOMPOSED[letter] ?? letter);
