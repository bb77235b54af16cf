// Block images from other origins: Redoc loads the logo of its vendor from their server.
const image = HTMLImageElement.prototype;
const { setAttribute } = image;
const source = Object.getOwnPropertyDescriptor(image, "src");

function isOurs(address) {
  const url = new URL(address, location.href);
  return url.protocol === "data:" || url.origin === location.origin;
}

image.setAttribute = function (name, value) {
  if (name !== "src" || isOurs(value)) setAttribute.call(this, name, value);
};
Object.defineProperty(image, "src", {
  ...source,
  set(value) {
    if (isOurs(value)) source.set.call(this, value);
  },
});
