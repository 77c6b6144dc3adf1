# Fills the generated reference into a man page: cmake -DCOMPILER= -DNAME= -DSCHEMA= -DINPUT= -DOUTPUT= -P reference.cmake
execute_process(
    COMMAND "${COMPILER}" --man ${NAME} "${SCHEMA}"
    OUTPUT_VARIABLE reference
    COMMAND_ERROR_IS_FATAL ANY)
file(READ "${INPUT}" page)
string(REPLACE "@REFERENCE@\n" "${reference}" page "${page}")
file(WRITE "${OUTPUT}" "${page}")
