/** The case files of this folder: which R packages each needs, and which belong to `npm test`. */
export interface Case {
  /** Of a script of this folder, without its ending. */
  readonly name: string;
  /** Names of R packages; Debian has each as r-cran-… or, of Bioconductor, r-bioc-…, in lower case. */
  readonly packages: readonly string[];
  /** Also in `npm test`: takes a second or two, and needs only packages that machines with R often have. */
  readonly isFast?: boolean;
  /** Answers that differ from plain R today, by name, with the reason: reported as node's `todo`. */
  readonly knownFailures?: Readonly<Record<string, string>>;
}

export const cases: readonly Case[] = [
  { name: 'recommended', packages: ['boot', 'survival', 'mgcv', 'nlme', 'MASS'], isFast: true },
  { name: 'plyr', packages: ['plyr'], isFast: true },
  { name: 'data.table', packages: ['data.table'], isFast: true },
  { name: 'R6', packages: ['R6'], isFast: true },
  { name: 'shipped', packages: ['rpart', 'nnet', 'Matrix', 'cluster', 'lattice'] },
  { name: 'caret', packages: ['caret', 'randomForest', 'rpart', 'recipes'] },
  { name: 'glmnet', packages: ['glmnet', 'survival', 'Matrix'] },
  { name: 'randomForest', packages: ['randomForest'] },
  { name: 'lme4', packages: ['lme4'] },
  { name: 'dplyr', packages: ['dplyr', 'tidyr', 'purrr'] },
  { name: 'recipes', packages: ['recipes', 'rsample'] },
  { name: 'ggplot2', packages: ['ggplot2'] },
  { name: 'Rcpp', packages: ['Rcpp'] },
  { name: 'spatial', packages: ['sp', 'zoo'] },
  { name: 'doRNG', packages: ['doRNG'] },
  { name: 'inside', packages: ['strucchange', 'TSP', 'DEoptim', 'cutpointr', 'ade4', 'BiocParallel'] },
  {
    name: 'statistics',
    packages: ['mice', 'vegan', 'e1071', 'gbm', 'ranger', 'quantreg', 'forecast', 'sandwich', 'mvtnorm', 'survey'],
  },
  {
    name: 'objects',
    packages: ['lubridate', 'igraph', 'xml2', 'RSQLite', 'xts', 'bit64', 'sf', 'broom', 'stringr', 'memoise'],
  },
];
