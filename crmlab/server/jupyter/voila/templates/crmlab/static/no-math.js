/* Widgets ask for a formula typesetter as soon as a page opens, by default from a content
   network. Nothing is fetched from outside here, so this answers in its place and does nothing. */
window.MathJax = {
  Ajax: {},
  InputJax: { TeX: { resetEquationNumbers() {} } },
  Hub: {
    config: {},
    Config() {},
    Configured() {},
    Queue() {},
    Register: { StartupHook() {} },
  },
};
