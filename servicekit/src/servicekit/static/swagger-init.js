// Relative to the page, and so below the prefix of a proxy, too.
window.ui = SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.document,
  dom_id: "#swagger-ui",
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
  // Its default is another host, which would be sent the document.
  validatorUrl: null,
});
