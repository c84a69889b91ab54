// What scenes share.

export const click = (page, id) => page.getByTestId(id).first().click();
export const one = { themes: ["light"], widths: [1360] };
