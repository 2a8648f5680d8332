// In a file of its own: the policy of the page allows no script between its tags.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  // Would send the address of this server to a validator elsewhere.
  validatorUrl: null,
});
