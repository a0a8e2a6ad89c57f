// Strokes are kept as points, drawn as one draws, and sent as grey pixels; while an answer is awaited, only the newest
// drawing is kept to be asked about next.
"use strict";

const byId = (id) => document.getElementById(id);
const pad = byId("pad");
const ink = pad.getContext("2d", { willReadFrequently: true });
const strokes = [];
let model = null;
let rows = [];
let asking = false;
let again = false;

function redraw() {
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, pad.width, pad.height);
  ink.strokeStyle = ink.fillStyle = "#000";
  ink.lineCap = ink.lineJoin = "round";
  for (const { width, points } of strokes) {
    ink.lineWidth = width;
    ink.beginPath();
    points.forEach(([x, y], index) => (index ? ink.lineTo(x, y) : ink.moveTo(x, y)));
    // A single point is a dot: a line of no length with round ends.
    if (points.length === 1) ink.lineTo(points[0][0], points[0][1]);
    ink.stroke();
  }
  byId("undo").disabled = byId("clear").disabled = strokes.length === 0;
  ask();
}

function place(event) {
  const box = pad.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * pad.width, ((event.clientY - box.top) / box.height) * pad.height];
}

pad.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  event.preventDefault();
  pad.setPointerCapture(event.pointerId);
  strokes.push({ width: Number(byId("brush").value), points: [place(event)], pointer: event.pointerId });
  redraw();
});
pad.addEventListener("pointermove", (event) => {
  const stroke = strokes.at(-1);
  if (!stroke || stroke.pointer !== event.pointerId) return;
  const between = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const each of between.length ? between : [event]) stroke.points.push(place(each));
  redraw();
});
for (const end of ["pointerup", "pointercancel"]) {
  pad.addEventListener(end, (event) => {
    const stroke = strokes.at(-1);
    if (stroke && stroke.pointer === event.pointerId) stroke.pointer = null;
  });
}
byId("undo").addEventListener("click", () => { strokes.pop(); redraw(); });
byId("clear").addEventListener("click", () => { strokes.length = 0; redraw(); });

function pixels() {
  const rgba = ink.getImageData(0, 0, pad.width, pad.height).data;
  const grey = new Uint8Array(pad.width * pad.height);
  for (let index = 0; index < grey.length; index++) grey[index] = rgba[4 * index];
  return grey;
}

async function ask() {
  if (!model) return;
  if (asking) { again = true; return; }
  setAsking(true);
  try {
    do {
      again = false;
      show(strokes.length ? await predicted() : { image: null, probabilities: null });
    } while (again);
    complain("");
  } catch (error) {
    complain(`No answer: ${error.message}`);
  } finally {
    setAsking(false);
  }
}

// What stands there is not the answer to this drawing yet.
function setAsking(now) {
  asking = now;
  byId("answer").setAttribute("aria-busy", now);
}

async function predicted() {
  const answer = await fetch(`/predict?width=${pad.width}`, { method: "POST", body: pixels() });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

function complain(text) {
  byId("error").textContent = text;
  byId("error").hidden = !text;
}

function show({ image, probabilities }) {
  const seen = byId("seen").getContext("2d");
  seen.clearRect(0, 0, model.width, model.height);
  if (image) {
    const grey = atob(image);
    const data = seen.createImageData(model.width, model.height);
    for (let index = 0; index < grey.length; index++) data.data.fill(grey.charCodeAt(index), 4 * index, 4 * index + 3);
    for (let index = 3; index < data.data.length; index += 4) data.data[index] = 255;
    seen.putImageData(data, 0, 0);
  }
  const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
  rows.forEach(({ row, bar, share }, index) => {
    const percent = probabilities ? 100 * probabilities[index] : 0;
    row.classList.toggle("best", index === best);
    bar.style.width = `${percent}%`;
    share.textContent = probabilities ? `${percent.toFixed(1)} %` : "";
  });
  const said = byId("best");
  said.replaceChildren();
  if (best < 0) said.textContent = strokes.length ? "Too faint to see" : "Nothing drawn yet";
  else said.append(...name(model.classes[best]), `${(100 * probabilities[best]).toFixed(1)} %`);
}

// The character from its strokes, which needs no font, and what it is called.
function name({ name, character, strokes }) {
  const parts = [];
  if (strokes.length) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 1 1");
    svg.setAttribute("class", "k");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", character);
    path.setAttribute("d", strokes.map((stroke) => "M" + stroke.map(([x, y]) => `${x} ${y}`).join("L")).join(""));
    svg.append(path);
    parts.push(svg);
  } else if (character && character !== name) {
    parts.push(character);
  }
  const text = document.createElement("span");
  text.textContent = name;
  return [...parts, text];
}

function element(tag, className, ...content) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

async function start() {
  const answer = await fetch("/model");
  if (!answer.ok) throw new Error((await answer.text()).trim());
  model = await answer.json();
  byId("model").textContent = model.name;
  byId("size").textContent = `, ${model.width} x ${model.height} pixels`;
  Object.assign(byId("seen"), { width: model.width, height: model.height });
  rows = model.classes.map((of) => {
    const bar = document.createElement("i");
    const share = element("span", "share");
    const row = element("li", "", element("span", "name", ...name(of)), element("span", "bar", bar), share);
    byId("classes").append(row);
    return { row, bar, share };
  });
  redraw();
}

redraw();
start().catch((error) => complain(`The model cannot be reached: ${error.message}`));
