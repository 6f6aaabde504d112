import { passwordProblems } from "../../../auth/passwords/password-problems.ts";
import type { PageWords } from "./page-words.ts";

export const spanish: PageWords = {
  noScript: "Esta página necesita JavaScript, que está desactivado en este navegador.",
  incomplete: "Este enlace está incompleto. Ábralo de nuevo desde el mensaje.",
  goOn: "Continuar a {{service}}",
  goBack: "Puede cerrar esta página y volver a {{service}}.",
  verifyTitle: "Confirmar su correo electrónico",
  verifyText: "Pulse el botón para confirmar que esta dirección es suya.",
  verifyButton: "Confirmar mi dirección",
  verifyDone: "Gracias: su dirección está confirmada. Ya puede iniciar sesión.",
  resendTitle: "¿Ningún mensaje, o uno antiguo?",
  resendButton: "Enviar otro mensaje",
  resendDone:
    "Hay un mensaje en camino a esa dirección. Puede tardar un minuto; mire también en el correo no deseado. Abra su " +
    "enlace, o quédese aquí e introduzca su código.",
  codeText: "Introduzca el código del mensaje que ha recibido.",
  code: "Código de seis cifras",
  email: "Correo electrónico",
  resetTitle: "Elegir una contraseña nueva",
  newPassword: "Contraseña nueva",
  passwordRule: "Al menos 8 caracteres; lo mejor son algunas palabras sin relación entre sí.",
  resetButton: "Guardar la contraseña",
  resetDone: "La contraseña nueva está guardada y se ha cerrado la sesión en todas partes. Ya puede iniciar sesión con ella.",
  isLinkOld: "¿Es antiguo el enlace?",
  forgottenTitle: "Contraseña olvidada",
  forgottenText: "Le enviamos un mensaje con un enlace para elegir una contraseña nueva.",
  forgottenButton: "Enviar el mensaje",
  forgottenDone: "Hay un mensaje en camino a esa dirección. Puede tardar un minuto; mire también en el correo no deseado.",
  forgottenLink: "Pedir una contraseña nueva",
  changeTitle: "Confirmar su nuevo correo electrónico",
  changeText: "Pulse el botón para usar esta dirección a partir de ahora.",
  changeButton: "Confirmar la dirección nueva",
  changeDone: "Gracias: la dirección nueva es suya. A partir de ahora inicie sesión con ella.",
  undoTitle: "Volver a su correo electrónico anterior",
  undoText: "Si usted no cambió la dirección, pulse el botón: se restablece la anterior y se cierran todas las sesiones.",
  undoButton: "Restablecer la dirección anterior",
  undoDone:
    "Su dirección anterior está restablecida y se han cerrado todas las sesiones. Le hemos enviado un mensaje con un " +
    "enlace para elegir una contraseña nueva.",
  problems: {
    unreachable: "No se puede conectar con el servidor. Compruebe su conexión e inténtelo de nuevo.",
    sentences: {
      [passwordProblems.tooShort]: "Esta contraseña es demasiado corta.",
      [passwordProblems.common]: "Mucha gente usa esta contraseña: los atacantes la prueban primero.",
      [passwordProblems.pattern]:
        "Esta contraseña es fácil de adivinar: una repetición, una serie, teclas vecinas o una palabra común con poco más.",
      [passwordProblems.ownAddress]: "Esta contraseña es su correo electrónico o una parte de él.",
    },
    fields: {
      email: "Eso no es un correo electrónico como ada@example.com.",
      code: "El código tiene seis cifras.",
      newPassword: "Esta contraseña no se puede usar. Elija otra.",
    },
    codes: {
      INVALID_ONE_TIME_TOKEN: "Este enlace o código es incorrecto, ha caducado o ya se ha usado. Pida otro mensaje.",
      EMAIL_TAKEN: "Esta dirección pertenece ahora a otra cuenta.",
      RATE_LIMITED: "Ha habido demasiados intentos. Espere un poco e inténtelo de nuevo.",
      TOO_BUSY: "El servidor está muy ocupado. Inténtelo de nuevo en unos segundos.",
    },
    other: "No ha funcionado y no se ha cambiado nada. Inténtelo más tarde.",
  },
};
