// “Save as picture”: a card as it stands on the screen, drawn into a PNG by the browser itself. Nothing is sent anywhere.
"use strict";

const SCALE = 2; // pixels of the picture for one of the page
const LEFT_OUT = ".shoot, details, .more, .pager, script";
const SPACE = 16; // around the card

// A picture cannot read the page's sheet: every element carries what the sheet says of it.
function dress(from, to) {
  const look = getComputedStyle(from);
  for (const name of look) to.style.setProperty(name, look.getPropertyValue(name));
  for (let i = 0; i < from.children.length; i += 1) dress(from.children[i], to.children[i]);
}

function drawing(card) {
  const copy = card.cloneNode(true);
  dress(card, copy);
  for (const one of copy.querySelectorAll(LEFT_OUT)) one.remove();
  copy.style.setProperty("height", "auto");
  copy.style.setProperty("margin", "0");
  const defs = document.querySelector("svg.defs");
  const marks = defs.cloneNode(true);
  dress(defs, marks);
  return { copy, marks };
}

function height(copy, width) {
  const box = document.createElement("div");
  box.className = "offstage";
  box.append(copy);
  document.body.append(box);
  box.style.setProperty("width", `${width}px`);
  const tall = copy.getBoundingClientRect().height;
  box.remove();
  return Math.ceil(tall);
}

async function shoot(card) {
  const width = Math.ceil(card.getBoundingClientRect().width);
  const { copy, marks } = drawing(card);
  const tall = height(copy, width);
  const ground = getComputedStyle(document.body).backgroundColor;
  const [wide, high] = [width + 2 * SPACE, tall + 2 * SPACE];
  const page = document.createElement("div");
  page.setAttribute("xmlns", "http://www.w3.org/1999/xhtml");
  page.append(marks, copy);
  const words = new XMLSerializer().serializeToString(page);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}"><rect width="100%" height="100%" fill="${ground}"/>`
    + `<foreignObject x="${SPACE}" y="${SPACE}" width="${width}" height="${tall}">${words}</foreignObject></svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = wide * SCALE;
  canvas.height = high * SCALE;
  const brush = canvas.getContext("2d");
  brush.scale(SCALE, SCALE);
  brush.drawImage(image, 0, 0);
  return new Promise((done) => { canvas.toBlob(done, "image/png"); });
}

function nameOf(card) {
  const words = [document.title.split(" · ").slice(0, 2).join(" "), (card.querySelector("h2, h3") || { textContent: "" }).textContent];
  return `${words.join(" ").replace(/[\\/:*?"<>|\s]+/g, " ").trim()}.png`;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-picture]");
  const card = button && document.getElementById(button.dataset.picture);
  if (!card) return;
  button.disabled = true;
  try {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await shoot(card));
    link.download = nameOf(card);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } finally {
    button.disabled = false;
    button.focus();
  }
});

const offer = (root) => root.querySelectorAll("[data-picture]").forEach((button) => { button.hidden = false; });
document.addEventListener("htmx:load", (event) => offer(event.target));
offer(document);
