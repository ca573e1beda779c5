import { type Camera, layOut, type Paper, turned } from './lay-out';
import { textractResult, visionResult } from './ocr-results';

const SUPERMARKET: Paper = [
  ['HARVEST LANE MARKET'],
  ['412 Orchard Street'],
  ['03/14/2026 17:42'],
  ['ORGANIC BANANAS', '1.87'],
  ['SOURDOUGH LOAF', '5.49'],
  ['OAT MILK 1L', '3.99'],
  ['- - - - - - - -'],
  ['SUBTOTAL', '11.35'],
  ['TAX 7.25%', '0.82'],
  ['TOTAL', '$12.17'],
  ['Thank you!'],
];
const COFFEE_SHOP: Paper = [
  ['BLUE HERON COFFEE'],
  ['*****'],
  ['1 FLAT WHITE', '4.60'],
  ['2 CARDAMOM BUN', '7.80'],
  ['TOTAL', '€12,40'],
  ['Café open daily 7–15'],
];
const PHARMACY: Paper = [
  ['WILLOWBROOK PHARMACY'],
  ['Tel 555-0142'],
  ['Rx 7730412 AMOXICILLIN 500MG', '12.00'],
  ['IBUPROFEN 200MG', '8.29'],
  ['BANDAGES STERILE', '4.15'],
  ['=========='],
  ['TOTAL DUE', '24.44'],
  ['VISA ************1881'],
];
const HARDWARE_STORE: Paper = [
  ['COPPER NAIL HARDWARE'],
  ['DECK SCREWS 3IN', '9.98'],
  ['CLAW HAMMER', '18.50'],
  ['TOTAL', '28.48'],
];

const vision = (paper: Paper, camera: Camera) => JSON.stringify(visionResult(layOut(paper, camera)));
const textract = (paper: Paper, camera: Camera) => JSON.stringify(textractResult(layOut(paper, camera)));

/** Four receipts as Apple Vision and Amazon Textract give them: nearly straight, askew and sideways. */
export const OCR_RESULTS = {
  'vision-supermarket': vision(SUPERMARKET, turned(1.2)),
  'vision-coffee-shop': vision(COFFEE_SHOP, turned(-93)),
  'textract-pharmacy': textract(PHARMACY, turned(-1.6)),
  'textract-hardware-store': textract(HARDWARE_STORE, turned(0.8)),
} as const;
