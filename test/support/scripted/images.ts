const DATA_URL = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})$/;

/** Whether OpenAI takes it as an image: an address, or a data URL of a kind it can read. */
export function isImageUrl(url: string): boolean {
  return /^https?:\/\/\S+$/.test(url) || DATA_URL.test(url);
}

export const isBase64 = (text: string): boolean =>
  /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0;
