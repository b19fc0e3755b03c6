export { accessMatrix, fieldsOf, type MatrixRow, rpcOf } from './matrix.ts';
