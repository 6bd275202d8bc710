// Dialogs add a style element that stops the page behind them from scrolling. The Content-Security-Policy wants
// this page's nonce on it, which only scripts of the page can read.
import { setNonce } from 'get-nonce';

setNonce(document.querySelector('script[nonce]').nonce);
