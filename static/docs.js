// The API's description, shown and tried out. Served from here alone: no CDN, no inline script.
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({ url: place.dataset.schema, domNode: place, deepLinking: true });
