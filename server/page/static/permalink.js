// The page of one answer.
import { answerActions, tellWherePrinted } from "./answer.js";
import { keepFeedback } from "./feedback.js";

answerActions(document);
tellWherePrinted();
keepFeedback(document);
