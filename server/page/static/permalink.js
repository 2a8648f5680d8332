// The page of one answer.
import { answerActions } from "./answer.js";
import { keepFeedback } from "./feedback.js";

answerActions(document);
keepFeedback(document);
