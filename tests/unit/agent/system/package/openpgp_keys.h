/* SPDX-License-Identifier: Apache-2.0 */
/* OpenPGP keys made for tests: `one` never expires but its subkey did in 2024, `old` expired on the last day of 2024. */
#pragma once

static const char one[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
                          "\n"
                          "mDMEZZIAgBYJKwYBBAHaRw8BAQdAfar1puIgBPoTUmqLHk68LSHunDWDSWzDrdHq\n"
                          "A+tq9oK0DnJvb3N0IHRlc3Qgb25liJAEExYIADgWIQSQlgsNoJiAn3emMs01iWN2\n"
                          "0h8EXgUCZZIAgAIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRA1iWN20h8E\n"
                          "XuVyAPwJhCMZi9A+OzvaH9Vrue4VKKd7GCfeIdBrbU2TvFacHwEA/kPrGNoxKeL9\n"
                          "BMXkm03DVWiobQhy/F6+HUgcy8Dwwgm4OARlkgCAEgorBgEEAZdVAQUBAQdABXQ/\n"
                          "sq9Ui2cOvJJOxACRn1jPy1lCrPWx4mqBEDsCKX0DAQgHiH4EGBYIACYWIQSQlgsN\n"
                          "oJiAn3emMs01iWN20h8EXgUCZZIAgAIbDAUJAeEzgAAKCRA1iWN20h8EXn8mAQDA\n"
                          "0lTRLcA7ekOuhlEfnXIER6XY/IExvZxpK7QSaRKDWwD+JVdPfgEKZ7V8xsO4M2CM\n"
                          "r/kIjg/NV0M+Vb6IomeyEAk=\n"
                          "=mW3S\n"
                          "-----END PGP PUBLIC KEY BLOCK-----\n";
static const char old[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
                          "\n"
                          "mDMEZZIAgBYJKwYBBAHaRw8BAQdA4qzaDQJOF6WtFJ3yFcFcUMN80ECflCo74LAh\n"
                          "mbFmEAS0DnJvb3N0IHRlc3Qgb2xkiJYEExYIAD4WIQQz03LejfWTDEc0q0AnI9B6\n"
                          "CBvKzwUCZZIAgAIbAwUJAeEzgAULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRAn\n"
                          "I9B6CBvKz2v8AP9yE749IVrptpmnYClaEbJ4BQK3El9sAU+E4cdw3KCxGgEAxE0u\n"
                          "WabqX6pZ/BcRCRn2niHxDKioH0CP+1L6TuyoOAU=\n"
                          "=Rfdh\n"
                          "-----END PGP PUBLIC KEY BLOCK-----\n";
