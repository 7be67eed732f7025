import type { Question } from "./protocol.ts";
import { LanguageService } from "./service.ts";

const service = new LanguageService();
const port = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Question>) => void) | null;
  postMessage(message: unknown): void;
};
port.onmessage = ({ data }) => port.postMessage(service.answer(data));
